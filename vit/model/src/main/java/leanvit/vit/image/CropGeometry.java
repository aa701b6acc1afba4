package leanvit.vit.image;

/**
 * Where a model's input lies in the picture that it was made from. Both are seen as areas: pixel i reaches
 * from i to i + 1.
 *
 * @param resizedWidth  columns of the whole picture after the resize, before the crop
 * @param resizedHeight rows of it
 * @param left          column of the resized picture at which the input begins; negative where black is put around
 * @param top           row of it
 * @param scaleX        columns of the picture in one column of the input
 * @param scaleY        rows of the picture in one row of the input
 */
public record CropGeometry(long resizedWidth, long resizedHeight, long left, long top, double scaleX, double scaleY) {

    /** Returns the x of the picture that the x of the input shows. */
    public double pictureX(double inputX) {
        return (left + inputX) * scaleX;
    }

    /** Returns the y of the picture that the y of the input shows. */
    public double pictureY(double inputY) {
        return (top + inputY) * scaleY;
    }
}
