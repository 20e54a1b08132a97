"""What applications say about their calls of models, translated into the vocabulary of `store.events`.

    body off the wire ─bodies→ bytes ─revenium, otlp→ MeteredEvent ─prices→ the same with a cost where one is known

The names that clients give providers are in `providers`, what is refused in `errors`. Prompts and answers that come
along are dropped unread: no part of them is kept, logged or repeated in an error.
"""
