package leanvit.app.draw;

/** What the reducers do, in a sentence for somebody who never read of them. */
final class MethodWords {

    private MethodWords() {
    }

    /**
     * Returns the sentence for a reducer as it is written on the command line; a general one for a name of one's own.
     */
    static String of(String spec) {
        int colon = spec.indexOf(':');
        String name = colon < 0 ? spec : spec.substring(0, colon);
        return switch (name) {
            case "none" -> "No reduction: every patch stays a token in every block.";
            case "tome" -> "ToMe: in every block, the most similar tokens are merged.";
            case "ltmp" -> "LTMP: in every block, tokens that are similar enough are merged, then those that matter "
                    + "too little are dropped.";
            case "etps" -> "eTPS: the tokens that the class token looks at least are merged into the most similar of "
                    + "the others.";
            case "dtps" -> "dTPS: the tokens that a small learned network finds unimportant are merged into the most "
                    + "similar of the others.";
            case "pomt" -> "POMT: in one block, the tokens that matter least are all averaged into one extra token.";
            case "evit" -> spec.contains("fuse=off")
                    ? "EViT: the tokens that the class token looks at least are dropped."
                    : "EViT: the tokens that the class token looks at least are fused into one extra token.";
            case "topk" -> "Top-K: the tokens that the class token looks at least are dropped.";
            default -> name + ": what each block left of the picture's patches.";
        };
    }
}
