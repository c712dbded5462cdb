"""A hospital's radiographs and exams → a labelled, split cohort with its flow and its proof."""
