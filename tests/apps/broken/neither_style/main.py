def setup(context):
    return {}
