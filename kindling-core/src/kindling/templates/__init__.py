"""The files of a new project and a new app, as data. ``kindling.cli.scaffolding`` fills them in.

A name ends in ``.template``, so that no tool takes the file for one of Kindling's own; ``dot.`` stands for a leading
dot, because a ``.gitignore`` in here would hide its neighbours from whoever builds the wheel; ``{{name}}`` is replaced.
"""
