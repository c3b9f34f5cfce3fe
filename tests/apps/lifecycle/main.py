"""Lifecycle style: setup, main, teardown; progress; a package of its own; what happened is kept in a list."""

from lib.reading import read_part


def setup(context):
    return {"seen": ["setup"]}


def main(context):
    context.seen.append("main")
    for part in range(context.parts):
        context.report_progress(done=part + 1, total=context.parts, message=f"part {part + 1}")
        context.seen.append(read_part(part))
    return {"day": context.day, "seen": context.seen}


def teardown(context, result, error):
    context.seen.append("teardown after " + ("failure" if error else "success"))
