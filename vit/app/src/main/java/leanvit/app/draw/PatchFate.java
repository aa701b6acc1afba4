package leanvit.app.draw;

/** What became of a patch, and so how it is drawn. */
enum PatchFate {

    KEPT("kept: a token of its own"),
    MERGED("merged: patches of one colour and outline are one token"),
    GATHERED("left over: all of these together are one extra token"),
    DROPPED("dropped: the model no longer sees them");

    private final String meaning;

    PatchFate(String meaning) {
        this.meaning = meaning;
    }

    /** Returns the words of the legend. */
    String meaning() {
        return meaning;
    }
}
