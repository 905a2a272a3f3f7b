# Twelve regions with long names that overlap each other.
canvas = Canvas()

canvas.set_global_description(
    description='A dramatic harbour scene at dusk, with a lighthouse, a whale and the people of a small fishing town who came out to watch.',
    detailed_descriptions=['x'],
    tags='harbour',
    HTML_web_color_name='darkslateblue',
)

canvas.add_local_description(
    location='on the top',
    offset='slightly to the lower-right',
    area='a small vertical area',
    distance_to_viewer=7.7,
    description='A weathered lighthouse keeper holding a brass lantern against the storm.',
    HTML_web_color_name='goldenrod',
)

canvas.add_local_description(
    location='on the bottom-left',
    offset='slightly to the left',
    area='a medium-sized vertical area',
    distance_to_viewer=0.8,
    description='An enormous whale breaching beside the fishing boats of the harbour.',
    HTML_web_color_name='steelblue',
)

canvas.add_local_description(
    location='on the bottom-left',
    offset='slightly to the lower',
    area='a medium-sized vertical area',
    distance_to_viewer=5.1,
    description='A flock of startled seagulls wheeling above the pier.',
    HTML_web_color_name='whitesmoke',
)

canvas.add_local_description(
    location='on the bottom-left',
    offset='slightly to the lower-right',
    area='a medium-sized vertical area',
    distance_to_viewer=9.8,
    description='Storm clouds with distant lightning over the horizon.',
    HTML_web_color_name='slategray',
)

canvas.add_local_description(
    location='on the right',
    offset='slightly to the upper',
    area='a medium-sized horizontal area',
    distance_to_viewer=3.5,
    description='A narrow wooden pier with coiled ropes and barrels.',
    HTML_web_color_name='saddlebrown',
)

canvas.add_local_description(
    location='on the bottom-right',
    offset='slightly to the upper-right',
    area='a medium-sized horizontal area',
    distance_to_viewer=0.8,
    description='Children in yellow raincoats pointing at the whale.',
    HTML_web_color_name='gold',
)

canvas.add_local_description(
    location='on the left',
    offset='slightly to the right',
    area='a medium-sized vertical area',
    distance_to_viewer=1.3,
    description='A small red sailboat heeling in the wind.',
    HTML_web_color_name='red',
)

canvas.add_local_description(
    location='in the center',
    offset='slightly to the lower',
    area='a medium-sized square area',
    distance_to_viewer=12.1,
    description='The lighthouse tower with its rotating beam.',
    HTML_web_color_name='ivory',
)

canvas.add_local_description(
    location='on the top-right',
    offset='slightly to the upper-right',
    area='a medium-sized square area',
    distance_to_viewer=14.7,
    description='Jagged black rocks covered with foam.',
    HTML_web_color_name='black',
)

canvas.add_local_description(
    location='on the bottom-left',
    offset='slightly to the right',
    area='a small horizontal area',
    distance_to_viewer=2.4,
    description='A stray dog shaking water out of its fur.',
    HTML_web_color_name='tan',
)

canvas.add_local_description(
    location='on the right',
    offset='slightly to the lower-left',
    area='a small vertical area',
    distance_to_viewer=5.5,
    description='An old fisherman mending nets on an upturned crate.',
    HTML_web_color_name='olive',
)

canvas.add_local_description(
    location='on the top-right',
    offset='slightly to the lower',
    area='a medium-sized square area',
    distance_to_viewer=10.4,
    description='A row of crooked houses with lit windows.',
    HTML_web_color_name='indigo',
)
