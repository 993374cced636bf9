"""APIs in the console: their forms, and a call to try one."""
