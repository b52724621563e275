"""How features come from the keyframe to the target."""
