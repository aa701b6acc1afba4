package leanvit.vit.image;

/**
 * A decoded picture together with the heap that was reserved for it ({@link Pictures#hold}), so that others wait for it
 * or are refused as long as the picture is needed, and not only until it is decoded. It belongs to one thread.
 */
public final class HeldPicture implements AutoCloseable {

    private RgbImage image;
    private final PictureRoom room;
    private final int width;

    HeldPicture(RgbImage image, PictureRoom room) {
        this(image, room, image.width());
    }

    /** @param width the picture's columns, where the image has rows that were shortened */
    HeldPicture(RgbImage image, PictureRoom room, int width) {
        this.image = image;
        this.room = room;
        this.width = width;
    }

    /** Returns a picture that something else holds; closing it does nothing. */
    public static HeldPicture of(RgbImage image) {
        return new HeldPicture(image, null);
    }

    /** Returns the picture's columns, whatever became of its rows. */
    int width() {
        return width;
    }

    /**
     * Returns the picture; of one that was held for a model its rows may be shortened to what the model needs of them.
     *
     * @throws IllegalStateException if it was closed
     */
    public RgbImage image() {
        if (image == null) {
            throw new IllegalStateException("the picture was closed");
        }
        return image;
    }

    /** Lets the picture go and gives the room back. */
    @Override
    public void close() {
        image = null; // first, since whoever waits for the room takes it at once
        if (room != null) {
            room.close();
        }
    }
}
