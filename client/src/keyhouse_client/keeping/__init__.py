"""Keys out of source code and plain `.env` files: where a caller keeps them.

names        what a secret may be called, and what may be kept as one
files        files that only their owner may read
place        what a place for secrets can do; folder and keychain are two
store        which names there are, each in its place
references   kh://NAME in an environment, and the secret it stands for
env_file     the lines of an env file, changed one value at a time
hiding       secrets that move from an env file into the store
ignored      what git says of a file
findings     what is wrong with an env file
login        at which Keyhouse the command is logged in
"""
