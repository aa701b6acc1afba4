/** The Vision Transformer that hosts the reducers: model, weights, images, drawing, command line. */
module leanvit.vit {
    requires java.desktop;
    requires jdk.management;
    requires transitive leanvit.reducers;

    exports leanvit.vit;
    exports leanvit.vit.draw;
    exports leanvit.vit.eval;
    exports leanvit.vit.image;
    exports leanvit.vit.json;
    exports leanvit.vit.weights;
}
