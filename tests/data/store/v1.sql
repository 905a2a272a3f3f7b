-- A database of version 1 of the schema, as the program wrote it: a talk, an edited
-- canvas, a picture, jobs, and an empty session.
BEGIN TRANSACTION;
CREATE TABLE canvases(  id INTEGER PRIMARY KEY AUTOINCREMENT,  session INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,  parent INTEGER REFERENCES canvases(id) ON DELETE SET NULL,  origin TEXT NOT NULL, python TEXT NOT NULL, created INTEGER NOT NULL);
INSERT INTO "canvases" VALUES(1,1,NULL,'reply','# Initialize the canvas
canvas = Canvas()

# Set a global description for the canvas
canvas.set_global_description(
    description=''A ginger cat and a ball on a sofa.'',
    detailed_descriptions=[
        ''They rest.'',
    ],
    tags=''ginger cat, ball, sofa'',
    HTML_web_color_name=''beige'',
)

# Add a ginger cat.
canvas.add_local_description(
    location=''on the left'',
    offset=''no offset'',
    area=''a medium-sized square area'',
    distance_to_viewer=2.0,
    description=''A ginger cat.'',
    detailed_descriptions=[
        ''The ginger cat sleeps.'',
    ],
    tags=''ginger cat, sleeping'',
    atmosphere=''Calm.'',
    style=''Soft.'',
    quality_meta=''High resolution.'',
    HTML_web_color_name=''orange'',
)

# Add a red ball.
canvas.add_local_description(
    location=''on the right'',
    offset=''slightly to the lower'',
    area=''a small square area'',
    distance_to_viewer=1.0,
    description=''A red ball.'',
    detailed_descriptions=[
        ''It lies there.'',
    ],
    tags=''ball'',
    atmosphere=''Calm.'',
    style=''Soft.'',
    quality_meta=''High resolution.'',
    HTML_web_color_name=''red'',
)
',1795393090447);
INSERT INTO "canvases" VALUES(2,1,1,'edit','# Initialize the canvas
canvas = Canvas()

# Set a global description for the canvas
canvas.set_global_description(
    description=''A ginger cat and a ball on a sofa.'',
    detailed_descriptions=[
        ''They rest.'',
    ],
    tags=''ginger cat, ball, sofa'',
    HTML_web_color_name=''beige'',
)

# Add a ginger cat.
canvas.add_local_description(
    location=''on the left'',
    offset=''no offset'',
    area=''a medium-sized square area'',
    distance_to_viewer=2.0,
    description=''A ginger cat.'',
    detailed_descriptions=[
        ''The ginger cat sleeps.'',
    ],
    tags=''ginger cat, sleeping'',
    atmosphere=''Calm.'',
    style=''Soft.'',
    quality_meta=''High resolution.'',
    HTML_web_color_name=''orange'',
)

# Add a red ball.
canvas.add_local_description(
    location=''on the right'',
    offset=''slightly to the lower'',
    area=''a small square area'',
    distance_to_viewer=1.0,
    description=''A red ball.'',
    detailed_descriptions=[
        ''It lies there.'',
    ],
    tags=''ball'',
    atmosphere=''Calm.'',
    style=''Soft.'',
    quality_meta=''High resolution.'',
    HTML_web_color_name=''red'',
)
',1795393090462);
CREATE TABLE images(  id INTEGER PRIMARY KEY AUTOINCREMENT,  session INTEGER REFERENCES sessions(id) ON DELETE SET NULL,  canvas INTEGER REFERENCES canvases(id) ON DELETE SET NULL,  job INTEGER REFERENCES jobs(id) ON DELETE SET NULL,  width INTEGER NOT NULL, height INTEGER NOT NULL, seed INTEGER NOT NULL,  created INTEGER NOT NULL, folded TEXT NOT NULL,  parameters TEXT NOT NULL, record TEXT NOT NULL);
INSERT INTO "images" VALUES(1,1,2,2,64,64,7,1795393091146,'a ginger cat and a ball on a sofa. they rest. ginger cat, ball, sofa.
negative prompt: lowres, bad anatomy, bad hands, cropped, worst quality
steps: 2, sampler: dpm++ 2m, schedule type: karras, cfg scale: 5, seed: 7, size: 64x64, model hash: 024ac932f5, model: model, rng: nv, version: omost 0.1.0','A ginger cat and a ball on a sofa. They rest. ginger cat, ball, sofa.
Negative prompt: lowres, bad anatomy, bad hands, cropped, worst quality
Steps: 2, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5, Seed: 7, Size: 64x64, Model hash: 024ac932f5, Model: model, RNG: NV, Version: omost 0.1.0','{"version":1,"program":{"version":"0.1.0","backend":"ref","precision":"f32"},"size":[64,64],"canvas":"# Initialize the canvas\ncanvas = Canvas()\n\n# Set a global description for the canvas\ncanvas.set_global_description(\n    description=''A ginger cat and a ball on a sofa.'',\n    detailed_descriptions=[\n        ''They rest.'',\n    ],\n    tags=''ginger cat, ball, sofa'',\n    HTML_web_color_name=''beige'',\n)\n\n# Add a ginger cat.\ncanvas.add_local_description(\n    location=''on the left'',\n    offset=''no offset'',\n    area=''a medium-sized square area'',\n    distance_to_viewer=2.0,\n    description=''A ginger cat.'',\n    detailed_descriptions=[\n        ''The ginger cat sleeps.'',\n    ],\n    tags=''ginger cat, sleeping'',\n    atmosphere=''Calm.'',\n    style=''Soft.'',\n    quality_meta=''High resolution.'',\n    HTML_web_color_name=''orange'',\n)\n\n# Add a red ball.\ncanvas.add_local_description(\n    location=''on the right'',\n    offset=''slightly to the lower'',\n    area=''a small square area'',\n    distance_to_viewer=1.0,\n    description=''A red ball.'',\n    detailed_descriptions=[\n        ''It lies there.'',\n    ],\n    tags=''ball'',\n    atmosphere=''Calm.'',\n    style=''Soft.'',\n    quality_meta=''High resolution.'',\n    HTML_web_color_name=''red'',\n)\n","options":{"width":64,"height":64,"seed":7,"negative-prompt":"lowres, bad anatomy, bad hands, cropped, worst quality","region":"score","compat":null,"steps":2,"cfg-scale":5,"sampling-method":"dpm++2m","scheduler":"karras","rng":"cuda","prediction":"eps","batch-count":1,"projected-pooled":true,"fit-prefix":false,"vae-tiling":false,"init-layout":0,"strength":0.75,"hires":1,"hires-steps":20,"hires-denoise":0.4,"prompt-style":"profile","profile":null},"tokenizer":"model","model":{"name":"model","sha256":"024ac932f5057288f408a7b32f7f9143b0d4b0391646444eddc792404f751e25","files":[{"name":"unet/diffusion_pytorch_model.safetensors","sha256":"398d7f69dc85f4fce685d94bd3e34931879c60b48272af282f073d50c8f58bd8"},{"name":"vae/diffusion_pytorch_model.safetensors","sha256":"6355d2d748698398eb7df4615c0f3659ac5fe82480ea259561c062688d3483ad"},{"name":"text_encoder/model.safetensors","sha256":"0c610519025cb6a62133ef7361f55ca7fcf490688e3fd66f5f08ad8e605ee347"},{"name":"text_encoder_2/model.safetensors","sha256":"89808390310704a6403047cce0a629df188b6f96f7bd3c5a0cfc04b63b84ea09"},{"name":"unet/config.json","sha256":"42fb42a490af4e19c0d297c3e33d3d031011e850aa6e3656bae420c7508eb985"},{"name":"vae/config.json","sha256":"ca139652fc648dba5973c88e6ab57224b70e8c4cd28b26ca0833bf349842c7b1"},{"name":"text_encoder/config.json","sha256":"3368281863243b195a4a0c1206621bd847212bd80f832fd42651c00f664b0d3e"},{"name":"text_encoder_2/config.json","sha256":"81b3ada0eeaa47de9ca13c1c36381f4dad8370480d9bc3333dac3cd27ac2a17e"},{"name":"scheduler/scheduler_config.json","sha256":"c9ee01377c275c143fbbc70d6957e0c5d0b3fba14fdfbcba3312b22b397fa378"}],"kind":"folder"},"plan":{"color":[245,245,220],"conditions":[{"rect":[0,90,0,90],"distance":null,"color":[245,245,220],"prefixes":["A ginger cat and a ball on a sofa."],"suffixes":["They rest.","ginger cat, ball, sofa."],"bags":[{"ids":[49406,320,9718,2368,537,320,1069,525,320,15723,269,889,2539,269,9718,2368,267,1069,267,15723,269,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407],"ids_2":[49406,320,9718,2368,537,320,1069,525,320,15723,269,889,2539,269,9718,2368,267,1069,267,15723,269,49407,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}]},{"rect":[15,75,0,45],"distance":2.0,"color":[255,165,0],"prefixes":["A ginger cat and a ball on a sofa.","A ginger cat."],"suffixes":["The ginger cat sleeps.","ginger cat, sleeping.","Calm.","Soft.","High resolution."],"bags":[{"ids":[49406,320,9718,2368,537,320,1069,525,320,15723,269,320,9718,2368,269,518,9718,2368,16610,269,9718,2368,267,6982,269,7011,269,3773,269,1400,9977,269,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407],"ids_2":[49406,320,9718,2368,537,320,1069,525,320,15723,269,320,9718,2368,269,518,9718,2368,16610,269,9718,2368,267,6982,269,7011,269,3773,269,1400,9977,269,49407,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}]},{"rect":[30,80,50,90],"distance":1.0,"color":[255,0,0],"prefixes":["A ginger cat and a ball on a sofa.","A red ball."],"suffixes":["It lies there.","ball.","Calm.","Soft.","High resolution."],"bags":[{"ids":[49406,320,9718,2368,537,320,1069,525,320,15723,269,320,736,1069,269,585,3205,997,269,1069,269,7011,269,3773,269,1400,9977,269,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407,49407],"ids_2":[49406,320,9718,2368,537,320,1069,525,320,15723,269,320,736,1069,269,585,3205,997,269,1069,269,7011,269,3773,269,1400,9977,269,49407,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}]}]}}');
CREATE TABLE jobs(  id INTEGER PRIMARY KEY AUTOINCREMENT,  session INTEGER REFERENCES sessions(id) ON DELETE CASCADE,  canvas INTEGER REFERENCES canvases(id) ON DELETE SET NULL,  message INTEGER NOT NULL, kind TEXT NOT NULL, request TEXT NOT NULL,  state TEXT NOT NULL, error TEXT NOT NULL, created INTEGER NOT NULL,  started INTEGER NOT NULL, ended INTEGER NOT NULL);
INSERT INTO "jobs" VALUES(1,1,NULL,0,'compose','{}','done','',1795393090434,1795393090442,1795393090447);
INSERT INTO "jobs" VALUES(2,1,2,-1,'render','{"options":{"width":64,"height":64,"steps":2,"seed":7}}','done','',1795393090468,1795393090468,1795393091161);
CREATE TABLE messages(  session INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,  id INTEGER NOT NULL, parent INTEGER NOT NULL,  assistant INTEGER NOT NULL, text TEXT NOT NULL,  canvas INTEGER REFERENCES canvases(id) ON DELETE SET NULL,  error TEXT NOT NULL, seed INTEGER NOT NULL, stats TEXT NOT NULL,  created INTEGER NOT NULL, PRIMARY KEY(session, id));
INSERT INTO "messages" VALUES(1,0,-1,0,'two cats é',NULL,'',0,'',1795393090428);
INSERT INTO "messages" VALUES(1,1,0,1,'```python
# Initialize the canvas
canvas = Canvas()

# Set a global description for the canvas
canvas.set_global_description(
    description=''A ginger cat and a ball on a sofa.'',
    detailed_descriptions=[
        ''They rest.'',
    ],
    tags=''ginger cat, ball, sofa'',
    HTML_web_color_name=''beige'',
)

# Add a ginger cat.
canvas.add_local_description(
    location=''on the left'',
    offset=''no offset'',
    area=''a medium-sized square area'',
    distance_to_viewer=2.0,
    description=''A ginger cat.'',
    detailed_descriptions=[
        ''The ginger cat sleeps.'',
    ],
    tags=''ginger cat, sleeping'',
    atmosphere=''Calm.'',
    style=''Soft.'',
    quality_meta=''High resolution.'',
    HTML_web_color_name=''orange'',
)

# Add a ball.
canvas.add_local_description(
    location=''on the right'',
    offset=''slightly to the lower'',
    area=''a small square area'',
    distance_to_viewer=1.0,
    description=''A red ball.'',
    detailed_descriptions=[
        ''It lies there.'',
    ],
    tags=''ball'',
    atmosphere=''Calm.'',
    style=''Soft.'',
    quality_meta=''High resolution.'',
    HTML_web_color_name=''red'',
)
```
',1,'',429432136,'{"prompt_tokens":0,"reused_tokens":0,"reply_tokens":281,"forced_tokens":0,"drafted_tokens":0,"accepted_tokens":0,"passes":281,"dropped_messages":0,"mended":0,"load_seconds":5.9620004321914166e-5,"prompt_seconds":4.7919995267875493e-5,"reply_seconds":0.00024017000396270305}',1795393090447);
CREATE TABLE sessions(  id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL,  canvas INTEGER REFERENCES canvases(id) ON DELETE SET NULL,  created INTEGER NOT NULL, updated INTEGER NOT NULL);
INSERT INTO "sessions" VALUES(1,'Old talk',2,1795393090426,1795393091158);
INSERT INTO "sessions" VALUES(2,'Empty',NULL,1795393091182,1795393091182);
CREATE INDEX sessions_canvas ON sessions(canvas);
CREATE INDEX canvases_session ON canvases(session);
CREATE INDEX canvases_parent ON canvases(parent);
CREATE INDEX messages_canvas ON messages(canvas);
CREATE INDEX jobs_session ON jobs(session);
CREATE INDEX jobs_canvas ON jobs(canvas);
CREATE INDEX jobs_state ON jobs(state);
CREATE INDEX images_session ON images(session);
CREATE INDEX images_canvas ON images(canvas);
CREATE INDEX images_job ON images(job);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('sessions',2);
INSERT INTO "sqlite_sequence" VALUES('jobs',2);
INSERT INTO "sqlite_sequence" VALUES('canvases',2);
INSERT INTO "sqlite_sequence" VALUES('images',1);
COMMIT;
PRAGMA application_id=1869443956;
PRAGMA user_version=1;
