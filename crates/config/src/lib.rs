//! palisade.toml: positions kept, every error reported, validated settings out.
