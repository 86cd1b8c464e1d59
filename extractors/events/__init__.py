"""An event's circumstances: when it was, where, how many it befell, who says so, and what it is about.

The tagger says which words tell them (`tagger/proposals.py`); here the words get their days, places and numbers, and what the words
leave open is taken from the sentence and the article, each step only as far as it is right more often than not.
"""
