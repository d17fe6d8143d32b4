"""Tables: described once, shown as a page, refreshed in part, filtered, counted and exported.

`definition.Table` is what an app describes; `pages.show_table` is its view. The state of a table
is its address and nothing else: see `state.TableState`.
"""
