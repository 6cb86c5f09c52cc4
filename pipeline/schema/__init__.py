"""Schemas as data: one file a table in ``schemas/tables/``; everything else is generated from them."""
