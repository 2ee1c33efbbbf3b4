//! Steps that need no script: a cookie that comes back, a chain of sub-resources, a form that takes its time.
