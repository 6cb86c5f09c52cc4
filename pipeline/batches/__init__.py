"""What each stage does with one batch: the glue between sources, extractor, expectations, lake and report."""
