/** The Vision Transformer that hosts the reducers: model, weights, pictures, inference. */
@SuppressWarnings("module") // javac does not see leanvit.app here
module leanvit.vit {
    /* Decodes pictures; a runtime without it runs models on pixels all the same. */
    requires static transitive java.desktop;
    /* Events for the Flight Recorder; a runtime without it records none. */
    requires static jdk.jfr;
    requires transitive leanvit.reducers;

    exports leanvit.vit;
    exports leanvit.vit.data;
    exports leanvit.vit.embed;
    exports leanvit.vit.image;
    exports leanvit.vit.io;
    exports leanvit.vit.json to leanvit.app;
    exports leanvit.vit.train;
    exports leanvit.vit.weights;
}
