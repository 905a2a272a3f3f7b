"""Things outside the world: ordinary nouns, and words that nobody has.

They teach the language model to copy a thing it has never heard of. Held-out
nouns (`held=True`) are never in training.
"""
import zlib

from world.kinds import KINDS

from .words import KIND_SAID, words

_NOUNS = '''accordion|acorn|actor|alarm|alien|alligator|almond|anchor|angel|ant
anteater|antelope|antenna|anvil|ape|apron|archer|armadillo|armchair|armor|arrow
artichoke|ashtray|asteroid|avocado|axe|baby|backpack|badge|badger|bag|bagel
bagpipe|baker|ballerina|bamboo|bandage|banjo|banner|barrel|basin|basket
basketball|bassoon|bat|bathtub|battery|beacon|beagle|bean|beaver|bee|beetle
bench|bicycle|billboard|binoculars|bison|blackboard|blackbird|blanket|blender
block|blouse|blueberry|boar|board|boatman|bolt|bomb|bone|bonfire|bookshelf
boomerang|bow|bowl|bowler|box|boxer|bracelet|brain|branch|bread|brick|bride
bridge|broccoli|broom|brush|bucket|buffalo|bug|bulb|bull|bulldozer|bun|bunker
burger|bush|butcher|butler|button|cabbage|cabin|cabinet|cable|cage|calculator
calf|camel|camera|campfire|canary|candy|cane|cannon|canoe|captain|caravan
cardinal|carpet|carriage|cart|cashew|cassette|caterpillar|cauldron|celery|cello
centaur|centipede|chainsaw|chalice|chameleon|champion|chandelier|cheese
cheeseburger|cheetah|chef|cherry|chess board|chest|chestnut|chicken|chimney
chimpanzee|chipmunk|church bell|cigar|clam|clarinet|clown|clover|coach|coat
cobra|cockatoo|coconut|coffee machine|coffin|coin|collar|comb|comet|compass
computer|condor|cookie|corn|couch potato|cowboy|coyote|cradle|crane|crate
crayon|cricket|crocodile|crossbow|crow|cucumber|cupboard|cupcake|curtain|cyclist
cymbal|dagger|daisy|dancer|dart|deer|demon|desk|detective|diamond|dice|diver
doctor|doghouse|doll|dolphin|donkey|donut|door|doorbell|dove|dragonfly|drawer
dress|drill|driver|drone|dumbbell|dustbin|dwarf|eagle|earring|easel|eel|egg
eggplant|elf|emerald|emu|engine|engineer|envelope|eraser|espresso|excavator
eye|fairy|falcon|fan|farmer|faucet|feather|fence|fern|ferret|ferry|fiddle|fig
fire truck|firefighter|fireplace|fisherman|flag|flamingo|flashlight|flea|flute
fly|football|fork|fossil|fountain|fox|frame|fridge|frying pan|funnel|garlic
gazelle|gecko|genie|geyser|giant|gibbon|gladiator|glass|glasses|globe|glove
gnome|goat|goblin|goldfish|gondola|goose|gorilla|grape|grasshopper|griffin
guard|guinea pig|hamburger|hammer|hammock|hamster|hand|handbag|hare|harp|harpoon
hawk|headphones|hedgehog|helmet|hen|heron|hippo|honey pot|hook|horn|hotdog
hourglass|hummingbird|hunter|husky|hyena|iceberg|idol|igloo|iguana|inkwell
insect|iron|jacket|jaguar|janitor|jar|jeep|jellyfish|jester|jewel|joker|judge
juggler|jug|kangaroo|kayak|kettle|key|keyboard|king|kiwi|knife|knight|koala
ladder|ladle|ladybug|lantern|laptop|leaf|lemon|leopard|letter|lettuce|lily
lime tree|limousine|lizard|llama|lobster|lock|locomotive|log|lollipop|lotus|lute
lynx|magnet|magician|magnifier|mailbox|mammoth|mandolin|mango|mannequin|map
maple|marble|mask|match|medal|melon|meerkat|mermaid|microphone|microscope
microwave|milkshake|mirror|missile|mole|monk|monkey|monster|monument|moose
mop|mosque|mosquito|moth|motorbike|motorcycle|mountain|mug rack|mule|mummy
muffin|musician|nail|necklace|needle|nest|newspaper|newt|ninja|nurse|nut|oak
oar|obelisk|octopus|olive tree|onion|orangutan|orca|orchid pot|organ|ostrich
otter|oven|ox|oyster|paddle|padlock|painter|painting|pancake|panda|panther
parachute|parasol|parrot|peach|peacock|peanut|pearl|pelican|pen|pencil|pepper
phoenix|phone|photograph|piano|pickaxe|pie|pigeon|pillar|pillow|pilot|pin|pipe
pirate|pistol|pitcher|pizza|planet|plate|platypus|plum tree|pocket watch
policeman|pony tail|popcorn|porcupine|postman|pot|potato|priest|prince|princess
printer|puffin|pump|puppet|purse|puzzle|pyramid|python|quail|queen|quilt
raccoon|radio|radish|raft|rainbow|rake|raspberry|rat|raven|ray gun|reindeer
rhino|rifle|ring|river|rocking chair|roller skate|rooster|rope|rose|ruby|rug
sack|saddle|sailor|salad|salmon fillet|sandal|sandcastle|sandwich|saucer|saxophone
scale|scarecrow|scarf|scissors|scooter|scorpion|screwdriver|sculpture|sea lion
seagull|seahorse|seal|shark|shell|shelf|shepherd|sheriff|shield|shirt|shoe|shovel
shower|shrimp|signpost|singer|skateboard|skeleton|ski|skirt|skull|skunk|sled
sloth|slug|snake|sneaker|snowboard|snowflake|soap|sock|soldier|spaceman|spade
spider|spiderweb|sponge|spoon|squid|squirrel|stag|staircase|stapler|statue|stew
stone|stool|stork|stove|strawhat|submarine|suitcase|sunflower|surfboard|surfer
swan|sweater|sword|swordfish|syringe|tambourine|tank|tap|taxi|teacher|teddy
telephone|telescope|television|temple bell|throne|tie|tiger|tire|toad|toast
toaster|tomato|toolbox|tooth|toothbrush|torch|tortoise|totem|toucan|towel|tower
toy train|tram|trampoline|trapdoor|treasure chest|treadmill|tricycle|trident
troll|trombone|trophy|trout|trumpet|tuba|tugboat|tulip|turkey|typewriter|ufo
unicorn|vacuum cleaner|vampire|van|viking|villain|violin|viper|vulture|wagon
waiter|wallet|walnut|walrus|wardrobe|warrior|washing machine|wasp|watch|waterfall
watermelon|weasel|well|werewolf|wheel|wheelbarrow|wheelchair|whip|whistle|wig
willow|wine glass|witch|wolf|woodpecker|worm|wreath|wrench|xylophone|yak|yeti
yo-yo|zebra|zeppelin|zombie|batman|superman|godzilla|minotaur|sphinx|hydra'''

NOUNS = words(_NOUNS)
_ONSETS = 'b c d f g h j k l m n p r s t v w z bl br cl cr dr fl fr gl gr kl pl pr sh sk sl sn sp st str th tr zw qu'.split()
_VOWELS = 'a e i o u a e i o u oo ee ai ou y'.split()
_CODAS = ' b d g k l m n p r t x sh ng rk lt nd mp rbl st ff zz ck lm'.split(' ')


_KNOWN = set(KINDS) | {n for said in KIND_SAID.values() for n in said}


def is_held(noun):
    return zlib.crc32(noun.encode()) % 8 == 0


def made_up(rng):
    """A word like gorbl, made of one to three syllables."""
    n = rng.choice((1, 2, 2, 2, 3))
    return ''.join(rng.choice(_ONSETS) + rng.choice(_VOWELS)
                   + (rng.choice(_CODAS) if i == n - 1 or rng.random() < .3
                      else '') for i in range(n))


def outside(rng, held=False):
    """A noun that no kind of the world has; rng is a random.Random."""
    while True:
        noun = made_up(rng) if rng.random() < .4 else rng.choice(NOUNS)
        if is_held(noun) == held and len(noun) > 1 and noun not in _KNOWN:
            return noun


def plural(noun):
    if noun.endswith(('s', 'sh', 'ch', 'x', 'z')):
        return noun + 'es'
    if noun.endswith('y') and noun[-2:-1] not in ('a', 'e', 'i', 'o', 'u'):
        return noun[:-1] + 'ies'
    return noun + 's'
