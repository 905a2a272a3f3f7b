# _compose.sh - what the scripts about composing share; sourced by them, after
# lib.sh: two canvases, and scripts made of them.
# shellcheck shell=bash disable=SC2154

canvas_of() { # ANIMAL COLOUR
    cat <<END
\`\`\`python
# Initialize the canvas
canvas = Canvas()

# Set a global description for the canvas
canvas.set_global_description(
    description='A $1 and a ball on a sofa.',
    detailed_descriptions=[
        'They rest.',
    ],
    tags='$1, ball, sofa',
    HTML_web_color_name='beige',
)

# Add a $1.
canvas.add_local_description(
    location='on the left',
    offset='no offset',
    area='a medium-sized square area',
    distance_to_viewer=2.0,
    description='A $1.',
    detailed_descriptions=[
        'The $1 sleeps.',
    ],
    tags='$1, sleeping',
    atmosphere='Calm.',
    style='Soft.',
    quality_meta='High resolution.',
    HTML_web_color_name='$2',
)

# Add a ball.
canvas.add_local_description(
    location='on the right',
    offset='slightly to the lower',
    area='a small square area',
    distance_to_viewer=1.0,
    description='A red ball.',
    detailed_descriptions=[
        'It lies there.',
    ],
    tags='ball',
    atmosphere='Calm.',
    style='Soft.',
    quality_meta='High resolution.',
    HTML_web_color_name='red',
)
\`\`\`
END
}

canvas_of 'ginger cat' orange >first.txt
canvas_of 'black dog' black >second.txt
{ cat first.txt; echo ---; cat second.txt; } >two.txt
{ cat two.txt; echo ---; cat first.txt; } >three.txt
echo 'I would rather not draw that.' >prose.txt
{
    echo '```python'
    echo 'canvas = Canvas()'
    echo 'canvas.draw(3)'
    echo '```'
    echo ---
    cat second.txt
} >mend.txt

# A failed use of the library, not of the command line.
want_usage_error() { # TEXT
    want_code 2
    want_err "$1"
}
