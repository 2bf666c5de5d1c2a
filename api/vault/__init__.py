"""The vault of a department: values and seeds under data keys, data keys under the department's own key."""
