"""timm's models as models of ra-bench; `plugin` registers the collection, `models` asks timm, `net` builds."""
