"""The numbers and names by which core and plugins find each other. Imports nothing: reading them costs nothing."""

from __future__ import annotations

#: The API that this version of the core speaks, and the oldest one it still serves.
KINDLING_PLUGIN_API = 1
KINDLING_PLUGIN_API_MINIMUM = 1

#: The entry-point groups: plugins, and the index of what they serve.
GROUP = "kindling"
INDEX_GROUP = "kindling.serves"
