"""Runs other apps of the project."""


def main(context):
    inner = context.framework.apps.run("lifecycle", parts=1)
    return {"parent": inner.record.parent == context.run_id, "script": context.framework.apps.run_app("script")["said"]}
