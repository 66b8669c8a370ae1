"""The charts of the HTML report, as Vega-Lite: each a pure function of a recorded run."""
