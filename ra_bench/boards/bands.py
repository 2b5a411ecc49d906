"""The severity bands in which errors are shown if nobody gives others."""

#: Rising lower edges of the bands after the first, in units of the score. Ours; no clinical standard.
BANDS = (1.0, 10.0, 25.0, 50.0, 100.0)
