namespace HashStore.Tests.Wiki.Support;

/// <summary>Something that is done in a wiki.</summary>
/// <param name="What">In words, for the message of a failure.</param>
/// <param name="Names">The names that it concerns.</param>
/// <param name="DoAsync">Does it.</param>
/// <param name="IsComeback">Whether a file comes to a name that was deleted.</param>
internal sealed record WikiStep(string What, string[] Names, Func<Task> DoAsync, bool IsComeback = false);

/// <summary>What a wiki holds when it is converted, and everything that it does afterwards to converted files. Each name has one part to play.</summary>
internal sealed class LivingWikiScript(WikiContents contents, Random random)
{
    private const string
        Grows = "Grows.png", Reverts = "Zurück_–_100%_sure!.png", Goes = "Goes_'quoted'.png", ComesBack = "Возвращается.png", Half = "Comes_half_back.svg", Moves = "Moves.png",
        MovesSilently = "Moves_silently,_a+b.png", MovesAndGrows = "Moves_and_grows.png", Target = "Target.png", Mover = "Mover.png", Hides = "Hides.png",
        HiddenBefore = "Hidden_before.png", LosesOne = "Loses_one.txt", Original = "Original.png", TwinA = "Twin_a.png", TwinB = "Twin_b.png", GoneBefore = "Gone_before.png", Reborn = "Reborn.png",
        HiddenAndGone = "Hidden_and_gone.png", Stays = "Stays.png", Copy = "Copy.png", New = "New.txt", Moved = "Moved_", Newest = "20200101000000!Newest.png";

    /// <summary>Names by the number of their versions.</summary>
    private static readonly Dictionary<int, string[]> versions = new()
    {
        [3] = [Reverts, ComesBack, Half, Hides, LosesOne, HiddenAndGone],
        [2] = [Goes, Moves, MovesSilently, MovesAndGrows, Mover, HiddenBefore, GoneBefore, Stays],
        [1] = [Grows, Target, Original, TwinA, Reborn],
    };

    /// <summary>What there is before the conversion.</summary>
    internal async Task FillAsync()
    {
        for (var round = 1; round <= 3; round++)
        {
            await WikiContents.NextSecondAsync();
            foreach (var name in versions.Where(pair => pair.Key >= round).SelectMany(pair => pair.Value))
            {
                await UploadAsync(name);
            }
        }

        await contents.UploadAsync(TwinB, contents.Live[TwinA][0].Content);
        await contents.HideAsync(HiddenBefore, "content");
        await contents.DeleteAsync(GoneBefore);
    }

    /// <summary>What happens afterwards.</summary>
    internal IReadOnlyList<WikiStep> Steps() =>
    [
        new("a new version of a converted file", [Grows], () => UploadAsync(Grows)),
        new("one more", [Grows], () => UploadAsync(Grows)),
        new("a revert to an old version", [Reverts], () => contents.RevertAsync(Reverts, byArchiveName: true)),
        new("a new version that is an old one", [Grows], () => contents.RevertAsync(Grows, byArchiveName: false)),
        new("a deletion", [Goes], () => contents.DeleteAsync(Goes)),
        new("a deletion that does not last", [ComesBack], () => contents.DeleteAsync(ComesBack)),
        new("an undeletion", [ComesBack], () => contents.UndeleteAsync(ComesBack), IsComeback: true),
        new("a deletion that lasts in part", [Half], () => contents.DeleteAsync(Half)),
        new("an undeletion of some versions", [Half], () => contents.UndeleteAsync(Half, oldest: 2), IsComeback: true),
        new("a move with a redirect", [Moves, Moved + Moves], () => contents.MoveAsync(Moves, redirect: true)),
        new("a move without a redirect", [MovesSilently, Moved + MovesSilently], () => contents.MoveAsync(MovesSilently, redirect: false)),
        new("a new file under a name that moved", [MovesSilently], () => UploadAsync(MovesSilently)),
        new("a move before a new version", [MovesAndGrows, Moved + MovesAndGrows], () => contents.MoveAsync(MovesAndGrows, redirect: true)),
        new("a new version of a moved file", [Moved + MovesAndGrows], () => UploadAsync(Moved + MovesAndGrows)),
        new("a deletion that frees a name", [Target], () => contents.DeleteAsync(Target)),
        new("a move to a deleted name", [Mover, Target], () => contents.MoveAsync(Mover, redirect: true, Target), IsComeback: true),
        new("an old version is hidden", [Hides], () => contents.HideAsync(Hides, "content")),
        new("a hidden version is shown", [Hides], () => contents.ShowAsync(Hides), IsComeback: true),
        new("a version that was hidden before is shown", [HiddenBefore], () => contents.ShowAsync(HiddenBefore), IsComeback: true),
        new("the deletion of one old version", [LosesOne], () => contents.DeleteVersionAsync(LosesOne)),
        new("a converted file's content under another name", [Copy], () => contents.UploadAsync(Copy, contents.Live[Original][0].Content)),
        new("new files", [New, Newest], async () =>
        {
            await UploadAsync(New);
            await UploadAsync(Newest);
        }),
        new("the deletion of a name whose content another one shows", [TwinA, TwinB], () => contents.DeleteAsync(TwinA)),
        new("the deletion of that one too", [TwinA, TwinB], () => contents.DeleteAsync(TwinB)),
        new("the undeletion of what was deleted before", [GoneBefore], () => contents.UndeleteAsync(GoneBefore), IsComeback: true),
        new("a deletion before a rebirth", [Reborn], () => contents.DeleteAsync(Reborn)),
        new("a new file under a deleted name", [Reborn], () => UploadAsync(Reborn), IsComeback: true),
        new("an undeletion below it", [Reborn], () => contents.UndeleteAsync(Reborn, oldest: 1), IsComeback: true),
        new("an old version is hidden with user and comment", [HiddenAndGone], () => contents.HideAsync(HiddenAndGone, "content|comment|user")),
        new("the deletion of a name with a hidden version", [HiddenAndGone], () => contents.DeleteAsync(HiddenAndGone)),
        new("the undeletion of a name with a hidden version", [HiddenAndGone], () => contents.UndeleteAsync(HiddenAndGone), IsComeback: true),
    ];

    private Task UploadAsync(string name) => contents.UploadAsync(name, WikiMedia.Make(name[^3..], random));
}
