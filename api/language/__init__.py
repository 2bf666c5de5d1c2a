"""Words for people in English and Chinese: texts by gettext, times and days as they are written, and reasons."""
