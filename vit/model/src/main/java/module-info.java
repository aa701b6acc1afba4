/** The Vision Transformer that hosts the reducers: model, weights, pictures, inference. */
module leanvit.vit {
    requires java.desktop;
    requires transitive leanvit.reducers;

    exports leanvit.vit;
    exports leanvit.vit.data;
    exports leanvit.vit.image;
    exports leanvit.vit.io;
    exports leanvit.vit.json;
    exports leanvit.vit.weights;
}
