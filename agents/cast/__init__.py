"""Characters made ready to act: what each may know, how it is asked, how its words are cleaned.

Pure. `prompts` builds what a model reads, `guard` cleans what it wrote, `moment` says what both
need to know of the scene.
"""
