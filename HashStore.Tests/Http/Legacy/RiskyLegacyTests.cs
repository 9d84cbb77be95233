using HashStore.Tests.Http.Support;
using HashStore.Tests.Migrate.Conversion;
using HashStore.Tests.Safety;
using Xunit;

namespace HashStore.Tests.Http.Legacy;

/// <summary>History is not lost: what an upload could not bring in any more is converted all the same, and only saved by browsers.</summary>
public sealed class RiskyLegacyTests
{
    [Fact]
    public async Task Risky_files_are_converted_whatever_the_policy_and_shown_by_no_browser()
    {
        byte[] risky = [.. Samples.Png(), .. DisguiseScanTests.Zip("Applet.class")], open = [.. Samples.Png(), .. DisguiseScanTests.Zip("Other.class")];
        var tree = new LegacyTreeBuilder();
        tree.File(tree.Current("Applet.png"), risky);
        using var writer = File.Open(tree.File(tree.Current("Open.png"), open), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        tree.File(tree.Current("Good.png"), Samples.Png());
        await using var site = await LegacyServer.StartAsync(tree, "--HashStore:Uploads:Policy=refuse", "--HashStore:Uploads:Deny=.png");
        var converted = await site.Client.GetAsync(LegacyServer.Url(tree.Current("Applet.png")));
        Assert.Equal(risky, converted.AssertStatus(200).Body);
        Assert.NotNull(converted["Link"]);
        Assert.StartsWith("attachment", converted["Content-Disposition"], StringComparison.Ordinal);
        Assert.StartsWith("attachment", (await site.Client.GetAsync(Samples.ObjectUrl(risky, "Applet.png"))).AssertStatus(200)["Content-Disposition"], StringComparison.Ordinal);

        // Open for writing, so served as it lies.
        var plain = await site.Client.GetAsync(LegacyServer.Url(tree.Current("Open.png")));
        Assert.Equal(open, plain.AssertStatus(200).Body);
        Assert.Null(plain["Link"]);
        Assert.StartsWith("attachment", plain["Content-Disposition"], StringComparison.Ordinal);
        Assert.StartsWith("inline", (await site.Client.GetAsync(LegacyServer.Url(tree.Current("Good.png")))).AssertStatus(200)["Content-Disposition"], StringComparison.Ordinal);
    }
}
