using System.Text;
using HashStore.Schema;
using HashStore.Storage;
using HashStore.Storage.Safety;
using HashStore.Storage.Serving;
using HashStore.Tests.Content;
using HashStore.Tests.Support;
using Xunit;

namespace HashStore.Tests.Safety;

/// <summary>What the store takes under each policy, and how it serves what it took.</summary>
public sealed class UploadGateTests
{
    private static readonly byte[] gifar = [.. SampleFiles.Png(), .. DisguiseScanTests.Zip("Applet.class")];
    private static readonly byte[] scripted = Encoding.UTF8.GetBytes("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>");

    public static TheoryData<string, byte[], string> Risky() => new()
    {
        { "A.png", gifar, "archive" },
        { "A.gif", [.. "GIF89a<script>alert(1)</script>"u8, .. new byte[20]], "markup" },
        { "A.jpg", [.. SampleFiles.Jpeg(), .. "<?php echo 1; ?>"u8], "php" },
        { "A.txt", [.. "+ADw-script+AD4-alert(1)"u8], "encoding" },
        { "A.svg", scripted, "script" },
        { "A.svg", [.. "<svg onload='alert(1)'/>"u8], "event-handler" },
    };

    [Theory]
    [MemberData(nameof(Risky))]
    public async Task What_is_risky_is_kept_as_an_attachment_under_every_name_unless_it_is_to_be_refused(string name, byte[] content, string word)
    {
        await using (var keeping = await OpenAsync(new UploadRules()))
        {
            var put = await keeping.PutAsync(name, content);
            Assert.Equal(word, put.Risk?.Word);
            await keeping.PutAsync("Other_" + name, content);
            await AssertAttachmentAsync(keeping, content, name, "Other_" + name, "Unknown_" + name);
            await keeping.ReopenAsync();
            await AssertAttachmentAsync(keeping, content, name);
        }

        await using var refusing = await OpenAsync(new UploadRules { Policy = UploadPolicy.Refuse });
        var refusal = await Refusal.ExpectAsync(StoreFault.Unsafe, () => refusing.PutAsync(name, content));
        Assert.Contains("nothing was kept", refusal.Message, StringComparison.Ordinal);
        AssertEmpty(refusing);
        Assert.Equal(1, refusing.Store.Meters.RefusedUploads.Value);
    }

    [Theory]
    [InlineData("A.html", "<!DOCTYPE html><p>Hello")]
    [InlineData("A.txt", "<html><body>Hello")]
    [InlineData("A.php", "<?php echo 1;")]
    [InlineData("A.sh", "#!/bin/sh\necho")]
    [InlineData("A.js", "alert(1)")]
    [InlineData("A.php.txt", "Hello")]
    [InlineData("A.exe.unknown", "Hello")]
    public async Task What_exists_to_be_run_is_kept_by_default_and_refused_where_risks_are_unless_it_is_listed(string name, string content)
    {
        await using (var keeping = await OpenAsync(new UploadRules()))
        {
            Assert.Null((await keeping.PutAsync(name, content)).Risk);
        }

        await using (var refusing = await OpenAsync(new UploadRules { Policy = UploadPolicy.Refuse }))
        {
            Assert.Contains("run", (await Refusal.ExpectAsync(StoreFault.Unsafe, () => refusing.PutAsync(name, content))).Message, StringComparison.Ordinal);
            AssertEmpty(refusing);
        }

        var listed = TypeList.Parse([".html .txt", ".php,.sh", ".js", ".unknown"]);
        await using var listing = await OpenAsync(new UploadRules { Policy = UploadPolicy.Refuse, Allow = listed });
        Assert.Null((await listing.PutAsync(name, content)).Risk);
    }

    [Fact]
    public async Task Only_what_is_allowed_and_not_denied_is_taken()
    {
        await using var test = await OpenAsync(new UploadRules { Allow = TypeList.Parse(["image/*", "application/pdf", ".ogv"]), Deny = TypeList.Parse(["image/gif", ".bak", ".php"]) });
        await test.PutAsync("A.png", SampleFiles.Png());
        await test.PutAsync("A.PDF", "%PDF-1.7\n"u8.ToArray());
        foreach (var (name, content) in ((string, byte[])[])
            [("A.txt", [.. "text"u8]), ("A.gif", [.. "GIF89a"u8, .. new byte[20]]), ("A.php.png", SampleFiles.Png()), ("A.PhP", [.. "x"u8]), ("A.bak", SampleFiles.Png()), ("A", [.. "GIF89a"u8, 1, 2])])
        {
            _ = await Refusal.ExpectAsync(StoreFault.TypeRefused, () => test.PutAsync(name, content));
        }

        _ = await Refusal.ExpectAsync(StoreFault.TypeRefused, () => test.Store.RenameAsync("A.png", "B.php.png"));
        _ = await Refusal.ExpectAsync(StoreFault.ExtensionMismatch, () => test.PutAsync("A.jpg", SampleFiles.Png()));
        Assert.Equal(2, (await test.Store.Names.SumAsync()).Names);
    }

    [Theory]
    [InlineData("png")]
    [InlineData("*")]
    [InlineData("*/*")]
    [InlineData("image/")]
    [InlineData("/png")]
    [InlineData("image/p*")]
    [InlineData(".tar.gz")]
    [InlineData(".")]
    public void A_list_that_would_not_do_what_it_seems_to_is_refused(string entry) =>
        Assert.Equal(StoreFault.BadSetting, Assert.Throws<StoreException>(() => TypeList.Parse(["image/png", entry])).Fault);

    /// <summary>Rows that an older program, or a rebuilt database, left without a word about it.</summary>
    [Theory]
    [InlineData("NULL")]
    [InlineData("'{\"charset\":\"utf-8\"}'")]
    [InlineData("'{\"rules\":0}'")]
    public async Task What_nobody_looked_at_is_looked_at_when_it_is_served(string metadata)
    {
        await using var test = await OpenAsync(new UploadRules());
        byte[] large = [.. SampleFiles.Png(), .. new byte[300_000], .. gifar];
        await test.PutAsync("A.png", gifar);
        await test.PutAsync("Large.png", large);
        await test.PutAsync("Good.png", SampleFiles.Png());
        await test.CloseAsync();
        Assert.Equal(3, RawDatabase.Change(test.Options, $"UPDATE \"file\" SET \"file_metadata\" = {metadata}"));
        await test.ReopenAsync();
        await AssertAttachmentAsync(test, gifar, "A.png");
        await AssertAttachmentAsync(test, large, "Large.png");
        Assert.StartsWith("inline", (await ShownAsync(test, SampleFiles.Png(), "Good.png")).Disposition, StringComparison.Ordinal);
    }

    private static Task<TestStore> OpenAsync(UploadRules rules) => TestStore.OpenAsync(DatabaseProvider.Sqlite, options => options with { Uploads = rules });

    private static async Task AssertAttachmentAsync(TestStore test, byte[] content, params string[] names)
    {
        foreach (var name in names)
        {
            Assert.StartsWith("attachment", (await ShownAsync(test, content, name)).Disposition, StringComparison.Ordinal);
        }
    }

    private static async Task<NamedPresentation> ShownAsync(TestStore test, byte[] content, string name)
    {
        var found = await test.Store.Objects.FindAsync(test.KeyOf(content));
        return ObjectReader.Present(found.Found!, name)!;
    }

    private static void AssertEmpty(TestStore test)
    {
        Assert.Equal(0, RawDatabase.Number(test.Options, $"SELECT count(*) FROM \"file\""));
        Assert.Equal(0, RawDatabase.Number(test.Options, $"SELECT count(*) FROM \"filename\""));
        Assert.DoesNotContain(Directory.EnumerateFiles(test.Paths.Root, "*", SearchOption.AllDirectories), path => !path.StartsWith(test.Paths.State, StringComparison.Ordinal));
        Assert.DoesNotContain(Directory.EnumerateFiles(test.Paths.Staging, "*", SearchOption.AllDirectories), path => Path.GetFileName(path) != "lock");
    }
}
