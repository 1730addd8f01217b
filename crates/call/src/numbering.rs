//! What the numbers of the engine that is there now mean in this call: every engine counts from the beginning.

use crate::{EngineCommand, EngineEvent, ItemId, ToolCall, ToolCallId, TurnId};

/// The engine that is there, and what was counted before it came.
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    /// How many engines came before it.
    engines: u32,
    /// Items, and turns of the caller, before it came.
    items: u32,
    turns: u32,
    /// The number that the next item of another engine may have.
    next_item: u32,
}

/// Items above are the call's own.
const LARGEST: u32 = u32::MAX - 1;

impl Numbering {
    /// Another engine is there from now on, and the caller has had so many turns.
    pub(crate) fn next_engine(&mut self, turn: TurnId) {
        self.engines += 1;
        self.items = self.next_item;
        self.turns = turn.0;
    }

    /// What it says, in the numbers of the call.
    pub(crate) fn heard(&mut self, event: EngineEvent) -> EngineEvent {
        match event {
            EngineEvent::Voice(item, chunk) => EngineEvent::Voice(self.item(item), chunk),
            EngineEvent::AssistantSaid(item, said) => EngineEvent::AssistantSaid(self.item(item), said),
            EngineEvent::CallerSaid(turn, said) => {
                EngineEvent::CallerSaid(TurnId(self.turns.saturating_add(turn.0)), said)
            }
            EngineEvent::CallerSpoke(turn, language) => {
                EngineEvent::CallerSpoke(TurnId(self.turns.saturating_add(turn.0)), language)
            }
            EngineEvent::Wants(call) => EngineEvent::Wants(ToolCall { id: self.tool(call.id), ..call }),
            EngineEvent::Withdraws(id) => EngineEvent::Withdraws(self.tool(id)),
            EngineEvent::MayUse(call) => EngineEvent::MayUse(ToolCall { id: self.tool(call.id), ..call }),
            EngineEvent::Uses(call) => EngineEvent::Uses(ToolCall { id: self.tool(call.id), ..call }),
            EngineEvent::Used(id, answer) => EngineEvent::Used(self.tool(id), answer),
            EngineEvent::Ready
            | EngineEvent::CallerSpeaks
            | EngineEvent::CallerPauses
            | EngineEvent::Took(_)
            | EngineEvent::Done(_)
            | EngineEvent::Charged(_)
            | EngineEvent::Trouble(_)
            | EngineEvent::Failed(_) => event,
        }
    }

    /// What it is told, in its own numbers; nothing where that is about something of an engine before it.
    pub(crate) fn told(&self, command: EngineCommand) -> Option<EngineCommand> {
        Some(match command {
            EngineCommand::Truncate(item, heard) => EngineCommand::Truncate(self.own_item(item)?, heard),
            EngineCommand::Delete(item) => EngineCommand::Delete(self.own_item(item)?),
            EngineCommand::Answer(id, answer) => EngineCommand::Answer(self.own_tool(&id)?, answer),
            EngineCommand::Hear(_)
            | EngineCommand::Read(_)
            | EngineCommand::Respond
            | EngineCommand::Cancel
            | EngineCommand::Say(_)
            | EngineCommand::Prompt(_)
            | EngineCommand::Key(_)
            | EngineCommand::Speak(_) => command,
        })
    }

    /// Whether it came after others and has heard no turn of the caller's yet.
    pub(crate) fn is_new(&self, turn: TurnId) -> bool {
        self.engines > 0 && self.turns == turn.0
    }

    /// Whether the engine that is there asked for this.
    pub(crate) fn is_its_own(&self, id: &ToolCallId) -> bool {
        self.own_tool(id).is_some()
    }

    fn item(&mut self, item: ItemId) -> ItemId {
        let item = ItemId(self.items.saturating_add(item.0).min(LARGEST));
        self.next_item = self.next_item.max(item.0.saturating_add(1));
        item
    }

    fn own_item(&self, item: ItemId) -> Option<ItemId> {
        item.0.checked_sub(self.items).map(ItemId)
    }

    fn tool(&self, id: ToolCallId) -> ToolCallId {
        match self.engines {
            0 => id,
            engines => ToolCallId(format!("{engines}/{}", id.0)),
        }
    }

    fn own_tool(&self, id: &ToolCallId) -> Option<ToolCallId> {
        match (self.engines, id.0.split_once('/')) {
            (0, _) => Some(id.clone()),
            (engines, Some((of, own))) if of == engines.to_string() => Some(ToolCallId(own.to_owned())),
            (_, Some(_) | None) => None,
        }
    }
}
