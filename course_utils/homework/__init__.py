"""Homework that grades itself: assignments for nbgrader, and answers on trial for the grader itself.

Needs the extra ``homework`` (nbgrader). ``assignments`` reads the source notebooks and makes what students get,
``trials`` runs right and wrong answers through the hidden tests, ``measured`` gives the tolerances of numbers.
"""
