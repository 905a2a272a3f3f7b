# Initialize the canvas
canvas = Canvas()

# Set a global description for the canvas
canvas.set_global_description(
    description='A night market in a narrow street.',
    detailed_descriptions=[
        'Paper lanterns hang in rows over a narrow street full of stalls.',
        'Steam rises from pots and pans and glows in the light of the lanterns.',
        'The paving stones are wet and mirror the colours above.',
    ],
    tags='night market, street, lanterns, stalls, steam, wet paving, reflections, crowd',
    HTML_web_color_name='midnightblue',
)

# Add rows of paper lanterns.
canvas.add_local_description(
    location='on the top',
    offset='no offset',
    area='a medium-sized horizontal area',
    distance_to_viewer=8.0,
    description='Rows of paper lanterns.',
    detailed_descriptions=[
        'Round lanterns in red and orange hang on wires from wall to wall.',
        'The nearest are large and bright, the farthest only dots.',
    ],
    tags='paper lanterns, red, orange, glow, wires, perspective',
    atmosphere='Warm and festive.',
    style='Cinematic, with shallow depth of field.',
    quality_meta='Crisp paper texture, soft glow.',
    HTML_web_color_name='orangered',
)

# Add a noodle stall.
canvas.add_local_description(
    location='on the left',
    offset='slightly to the lower',
    area='a medium-sized vertical area',
    distance_to_viewer=4.5,
    description='A noodle stall.',
    detailed_descriptions=[
        'A cook lifts noodles out of a steaming pot.',
        'Bowls are stacked on the counter beside jars of pickles.',
    ],
    tags='noodle stall, cook, steam, bowls, counter, pickles',
    atmosphere='Busy and cheerful.',
    style='Cinematic, warm key light.',
    quality_meta='Rich detail in food and hands.',
    HTML_web_color_name='goldenrod',
)

# Add a girl with a glass lamp.
canvas.add_local_description(
    location='on the right',
    offset='slightly to the lower-left',
    area='a small vertical area',
    distance_to_viewer=3,
    description='A girl with a glass lamp.',
    detailed_descriptions=[
        'A girl in a yellow raincoat holds up a glass lamp with a firefly in it.',
        'Its green light falls on her face.',
    ],
    tags='girl, yellow raincoat, glass lamp, firefly, green light, smile',
    atmosphere='Full of wonder.',
    style='Cinematic portrait.',
    quality_meta='Sharp eyes, natural skin.',
    HTML_web_color_name='gold',
)
