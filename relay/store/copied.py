"""How a copy says that it is one, and where it stands that a store was made of it.

Apart from `restored`, which knows every table: `relay status` starts in a blink.
"""

# In the table `meta` of a copy: when it was made (epoch ms).
COPIED_AT = "copied_at"
RESTORED_FACT = "store.restored"
