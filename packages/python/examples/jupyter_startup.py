"""Protects every Jupyter kernel of this user, and what its cells start.

Copy it to ~/.ipython/profile_default/startup/00-omnimind.py: IPython runs it at the start of each kernel.
"""

import omnimind_protector

try:
    # No heartbeat: a cell may hold the interpreter's lock for hours. The lease ends with the kernel and its processes.
    omnimind_protector.lease(label="jupyter", reason="a notebook's kernel", ttl=None).acquire()
except omnimind_protector.ProtectorError as error:
    print(f"this kernel is not protected: {error}")
