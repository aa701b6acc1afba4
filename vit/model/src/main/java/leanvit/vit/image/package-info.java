/**
 * Pictures: reading JPEG and PNG files, resizing as PIL does, and the way from a picture to a model's input.
 *
 * <p>{@link leanvit.vit.image.Pictures} reads a file into an {@link leanvit.vit.image.RgbImage};
 * {@link leanvit.vit.image.Preprocessor} resizes, crops and normalises it.
 */
package leanvit.vit.image;
