"""English time expressions as TIMEX3: words and rules (`words`), their values (`values`), the calendars behind them."""
