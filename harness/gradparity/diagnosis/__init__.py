"""Where is a port wrong first, what has only inherited that, and which known bug gives these very numbers?"""
