"""The command line and the local house: everything that starts, nothing that decides.

What a person types (`python -m omnibus …`) and what it takes to run the whole system on one machine
lives here. No business rule may enter; the services never import this package.
"""
