using HashStore.Server.Thumbnails;
using Xunit;

namespace HashStore.Tests.Thumbnails;

public sealed class AcceptFieldTests
{
    [Theory]
    [InlineData("image/webp", true)]
    [InlineData("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", true)]
    [InlineData("text/html , IMAGE/WEBP ;q=0.5", true)]
    [InlineData("image/webp;level=1;q=0.001", true)]
    [InlineData("image/webp;q=0", false)]
    [InlineData("image/webp; q=0.000", false)]
    [InlineData("image/webp;q=often", false)]
    [InlineData("image/webp2", false)]
    [InlineData("image/*", false)]
    [InlineData("*/*", false)]
    [InlineData("", false)]
    public void A_type_is_taken_where_the_field_names_it(string field, bool expected) => Assert.Equal(expected, AcceptField.Takes(field, "image/webp"));
}
