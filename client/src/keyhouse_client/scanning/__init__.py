"""Finds keys of a Keyhouse where they should not stand: in files, and in git.

shape     what a secret looks like          spots    where in a text one stands
files     what to look at below a folder    git      how git is run
objects   git's objects, one by one         staged   what a commit would bring
revisions which commits are meant           history  what commits brought
origins   which commit it came with         scan     all that was found
allowed   what a person has looked at       holders  whose the keys are
hooks     git asks before it goes on        progress how far it is
text, sarif    how it is told
"""
