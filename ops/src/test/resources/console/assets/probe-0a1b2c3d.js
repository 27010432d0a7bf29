export const probe = "kept for ever";
