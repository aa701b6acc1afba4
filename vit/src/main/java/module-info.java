/** The Vision Transformer that hosts the reducers: model, weights, images, drawing, command line. */
module leanvit.vit {
    requires java.desktop;
    requires transitive leanvit.reducers;

    exports leanvit.vit;
}
