"""Labels: what sticks on a portion, on its seal and on the stall's copy of the papers.

`contents` says what a label shows, `drawing` turns it into whole dots, `printers` speaks the languages of label and
receipt printers, `sheets` lays labels out as PDF. Every printer gets a picture of the whole label: Chinese prints on a
printer that has no Chinese face, and what one prints looks like what the other prints.
"""
