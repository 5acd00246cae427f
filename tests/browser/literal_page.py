"""A page of texts from people in every kind of element that reads Markdown: run by ``test_literal_text``."""

import pandas as pd
import streamlit as st

from pages._ui.charts import ranked_bars
from pages._ui.formats import literal
from pages._ui.widgets import tinted_badge
from tests.browser.hostile import HOSTILE


def draw() -> None:
    for place, text in enumerate(HOSTILE):
        with st.container(key=f"text_{place}"):
            st.markdown(literal(text))
            st.markdown(f"**{literal(text)}**")
            st.caption(literal(text))
            st.markdown(f":gray-badge[{literal(text)}]")
            st.markdown(tinted_badge("red", "error", text))
            st.error(literal(text), icon=":material/error:")
            st.title(literal(text), anchor=False)
            st.button(literal(text), key=f"button_{place}")
            st.expander(literal(text))
            st.text_input(literal(text), key=f"input_{place}")
    st.pills("Pills", HOSTILE, format_func=literal, key="pills")
    st.table(pd.DataFrame([{"Text": literal(text)} for text in HOSTILE]))
    with st.container(key="chart"):
        figure = ranked_bars([{"label": text, "count": 1 + place} for place, text in enumerate(HOSTILE)])
        figure.update_layout(height=1200, margin_l=600)
        st.plotly_chart(figure, theme=None, config={"displayModeBar": False})


draw()
